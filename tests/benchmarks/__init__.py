"""The measurements themselves, on tiny sizes."""
