"""What one policy would be worth beside another, by what was logged."""
