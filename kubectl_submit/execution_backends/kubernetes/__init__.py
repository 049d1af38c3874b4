"""All that is known of Jobs."""
