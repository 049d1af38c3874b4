"""The backend for RayJobs."""
