from tests.editors.vscode.workbench import Workbench

def test_try(window: Workbench) -> None:
    window.page.screenshot(path="/tmp/a.png")
    window.write("import textwrap\n\n\ndef first(text):\n    return textw")
    window.type("r")
    try:
        print(window.ghost())
    finally:
        window.page.screenshot(path="/tmp/b.png")
        print(window.status, window.toasts)
        open("/tmp/b.html", "w").write(window.page.content())
