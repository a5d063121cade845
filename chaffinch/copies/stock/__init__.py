"""Common stock: what everyone writes is no evidence that anyone copied."""
