"""What every training has around its steps: folder, loop, distribution, signals."""
