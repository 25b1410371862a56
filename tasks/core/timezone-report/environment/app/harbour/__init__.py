"""What arrived in each port on a day."""
