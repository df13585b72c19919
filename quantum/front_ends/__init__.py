"""Pictures of sound that a quantum circuit makes."""
