#!/usr/bin/env python
"""Django's command line. `sessions` there means Django's own app: ours is `group_sessions`."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "server.settings.development")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
