"""What must hold whatever is thrown at the product."""
