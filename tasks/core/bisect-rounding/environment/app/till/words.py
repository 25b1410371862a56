"""The words on a receipt."""

TAX = "Tax"
TOTAL = "Total"
