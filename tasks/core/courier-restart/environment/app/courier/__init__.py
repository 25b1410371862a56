"""Reminders, sent at an hour when somebody is there to take them."""
