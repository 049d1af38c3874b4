"""Reading, editing and writing manifests as trees.

The YAML itself is in manifests/ beside the package.
"""
