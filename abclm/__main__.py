"""Run the command line as `python -m abclm`."""

from abclm.cli import main

if __name__ == "__main__":
    main()
