"""`python -m charwise`: the same as the `charwise` command, for where only the interpreter is known."""

import sys

from charwise.main import main

if __name__ == "__main__":
    sys.exit(main())
