"""Files, folders, programs and child processes: what the package asks of the operating system."""
