"""What a product says about its fills: HISTORY and header cards."""
