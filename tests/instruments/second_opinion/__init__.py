"""Every published instrument written a second time from its paper, and held to the package on drawn inputs."""
