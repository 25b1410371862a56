"""Small commands for INI files."""
