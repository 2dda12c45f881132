"""What two or more running parts share and no contract defines. Imports nothing of ours but ``contracts``."""
