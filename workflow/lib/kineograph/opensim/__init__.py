"""OpenSim: models, scaling and inverse kinematics through its own API. The only importer of `opensim`."""
