"""3D morphable face model, camera, light and renderer."""
