"""Sets one PDF, in a process of its own: report.typ with the data on standard input, the file on standard output.

The typesetter keeps what it has laid out for a next time that never comes, some hundred megabytes for a long report.
Here they end with the process. It sees no file but its own folder, which is empty, and no fonts but its own.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

# Marks for screen readers: with more lines than that they would make the file twenty times as big.
MOST_TAGGED = 500


def main() -> None:
    template = Path(__file__).with_name("report.typ").read_bytes()
    with TemporaryDirectory(prefix="chronos-") as folder:
        compiler = typst.Compiler(
            template,
            root=folder,
            ignore_system_fonts=True,
            package_path=folder,
            package_cache_path=folder,
            sys_inputs={"data": sys.stdin.buffer.read().decode()},
        )
        made = compiler.compile(format="pdf", pdf_tags=int(sys.argv[1]) <= MOST_TAGGED)
    if not isinstance(made, bytes):
        raise TypeError("A PDF is one file.")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
