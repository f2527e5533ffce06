"""What is recorded, decided when work begins (head), and what is kept, when it ends (tail)."""
