"""What needs SQLAlchemy."""
