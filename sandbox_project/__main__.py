"""``python3 -m sandbox_project``: every Python 3 must be able to read this file."""

import sys

OLDEST = (3, 11)


def main() -> int:
    if sys.version_info[:2] < OLDEST:
        this = ".".join(str(part) for part in sys.version_info[:2])
        sys.stderr.write("The sandbox needs Python 3.11 or newer; this is Python " + this + ".\n")
        return 1
    from sandbox_project import launcher

    return launcher.main()


if __name__ == "__main__":
    sys.exit(main())
