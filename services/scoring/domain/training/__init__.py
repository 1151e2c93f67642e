"""Models learnt from a log: a forest, its calibration, the online layer over both. Pure: the forest is a port."""
