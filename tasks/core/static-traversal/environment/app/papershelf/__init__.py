"""Static files for the customer portal."""
