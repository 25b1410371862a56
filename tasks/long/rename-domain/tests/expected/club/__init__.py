"""The software of a sports club."""
