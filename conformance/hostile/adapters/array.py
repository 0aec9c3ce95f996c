"""Sends a JSON array where an object must be."""
import peer

peer.hello()
peer.say("[1, 2, 3]")
