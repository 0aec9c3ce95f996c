"""Says nothing, ever, and ignores the end of stdin."""
import time

while True:
    time.sleep(60)
