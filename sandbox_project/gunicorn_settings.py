"""How the sandbox runs gunicorn; the launcher adds the address and the log files."""

wsgi_app = "sandbox_project.wsgi:application"
workers = 2
threads = 2
graceful_timeout = 5
capture_output = True
control_socket_disable = True
