"""What a picture shows beyond the morphable model: hair, clothes, glasses, background, camera."""
