"""All that is known of RayJobs and Ray clusters."""
