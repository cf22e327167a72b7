"""What perception networks see of pictures while they train."""
