"""Django's PostgreSQL, with fewer ways there and back: `base` (Django wants that name)."""
