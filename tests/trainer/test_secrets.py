"""Secrets by name, and lines that hold one. The keys in here are made up, or examples that their makers publish."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charwise_trainer.secret_tokens import load_patterns
from charwise_trainer.secrets import holds_secret, scrub, secret_name, secret_path

KEY = "MIIEowIBAAKCAQEA7bq0pXl8s0m1Zk3cVbTqW8y4r2n6u5x9\n" * 12
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{KEY}-----END RSA PRIVATE KEY-----\n"

# The ¦ keeps this file from looking as if it held keys; it is dropped below.
SECRETS = [
    'password = "hunter2-literal"',
    "DB_PASSWORD = 'correcthorse'",
    '"password": "s3cr3t!",',
    'password: str = "hunter2x"',
    'secret: Optional[str] = "hunter2x"',
    'connect(user="x", password="hunter2")',
    'if password == "hunter2":',
    'os.environ["DB_PASSWORD"] = "hunter2"',
    "define('DB_PASSWORD', 'p4ssw0rd99');",
    "define( 'DB_PASSWORD', 'hunter' );",
    'let password: &str = "hunter2";',
    'let password: &\'static str = "hunter2";',
    '<property name="password" value="hunter2"/>',
    "CREATE USER a IDENTIFIED BY 'hunter2';",
    "ALTER ROLE a WITH PASSWORD 'hunter2';",
    'os.getenv("API_KEY", "9f8e7d6c5b4a")',
    'apiKey: "AbC123xyz987",',
    "const secret = `mysecret1`;",
    'password := "hunter2"',
    ':password => "hunter2"',
    'string password = @"hunter2";',
    'char my_password[25] = "hunter2";',
    'password = """hunter2"""',
    'json = "{\\"password\\": \\"hunter2\\"}"',
    'password_admin = "hunter2"',
    'password = "$ecret99"',
    'password = "%hunter2"',
    'password = "supersecret"',
    "<password>hunter2</password>",
    'get("https://example.org/?api_key=9f8e7d6c5b4a&x=1")',
    "PGPASSWORD=hunter22 psql",
    'setPassword("hunter2hunter2")',
    'contraseña = "abracadabra"',
    'token = "a8f5f167f44f4964e6c998dee827110c"',
    'headers = {"Authorization": "Bearer abcdef1234567890abcdef"}',
    'url = "postgres://admin:Sw0rdfish@db.local/x"',
    "AKIAIOSFODNN7EXAMPLE",
    'aws_secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"',
    "AccountKey=" + "A1b2" * 22,
    "ghp_¦abcdefghijklmnopqrstuvwxyz0123456789",
    "github_pat¦_11ABCDEFG0abcdefghijklmn",
    "glpat-¦abcdefghij0123456789",
    "//registry.example.org/:_authToken=npm_¦abcdefghijklmnopqrstuvwxyz0123456789",
    "xoxb-¦123456789012-1234567890123-abcdefghijklmnop",
    "https://hooks.slack.¦com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "sk_li¦ve_abcdefghijklmnopqrstuvwx",
    "AIz¦aSyA1234567890abcdefghijklmnopqrstuvw",
    "SG.¦abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc",
    "123456789:ABCdefGHIjklMNOpqrSTUvwxYZ012345678",
    "0123456789abcdef0123456789abcdef-u¦s12",
    "softlayer_api_key: " + "0123456789abcdef" * 4,
    "A¦C" + "0123456789abcdef" * 2,
    "AGE-SECRET-KE¦Y-1" + "QPZRY9X8GF" * 6,
]

HARMLESS = [
    "password = get_password()",
    'password = input("Password: ")',
    '<input type="password" name="password">',
    'PASSWORD_FIELD = "passwd1"',
    '"password": "Password",',
    'password_label = "Enter"',
    "token = next(tokens)",
    'tokenizer = "bert-base-uncased2"',
    "self.password = password",
    'secret_name = "my-app"',
    "password: string",
    'raise ValueError("password must not be empty")',
    'url = f"postgres://{user}:{password}@{host}/x"',
    "http://user:password@host.example.org/",
    'password = os.environ["DB_PASSWORD"]',
    'password = "${DB_PASSWORD}"',
    'password = "{{ vault_password }}"',
    'password = "<your password>"',
    'password = "********"',
    'password = ""',
    'password = "$PASSWORD"',
    'password = "%(password)s"',
    'passwordMinLength = "minimum"',
    "<label for=password>Password</label>",
    "connect(token=token2, password=password_2)",
    '"secret": "my-secret-name"',
    'key = "name"',
    'for key, value in items: print(key, "=", "value1234")',
    'token: "comma"',
    'per_token, "CompositeExplicitAutograd"',
    "sort(key=lambda x: x)",
    "api_key = settings.API_KEY",
    'getpass("Enter your password: ")',
    'sha = "da39a3ee5e6b4b0d3255bfef95601890afd80709"',
    'path = "src/package/some/very/long/path_to_a_file_name_2024.py"',
    "Authorization: token of our appreciation",
    "the bearer of this letter is to be paid",
    'grep("BEGIN CERTIFICATE")',
]


SECRETS = [line.replace("¦", "") for line in SECRETS]


@pytest.mark.parametrize("line", SECRETS)
def test_line_with_a_secret_is_left_out(line: str) -> None:
    """The lines around it stay, whether the last one ends or not."""
    assert scrub(f"before\n{line}\nafter\n".encode()) == (b"before\nafter\n", 1)
    assert scrub(f"before\r\n  {line}".encode()) == (b"before\r\n", 1)


@pytest.mark.parametrize("line", HARMLESS)
def test_line_that_only_talks_of_secrets_stays(line: str) -> None:
    assert scrub(line.encode(), "a.py") == (line.encode(), 0)


@pytest.mark.parametrize(
    "line",
    [
        "password: hunter2",
        "- MYSQL_ROOT_PASSWORD=rootpw99",
        "export API_TOKEN=abc123def456",
        "spring.datasource.password=hunter2 # local",
    ],
)
@pytest.mark.parametrize("name", ["compose.yml", "deploy/app.properties", ".env.example", "Dockerfile", "run.sh"])
def test_configuration_needs_no_quotes(line: str, name: str) -> None:
    """A bare value counts in files whose values stand without quotes, and in no others."""
    assert scrub(f"a: 1\n{line}\n".encode(), name) == (b"a: 1\n", 1)
    assert scrub(line.encode(), "a.py")[1] == 0


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (".bashrc", "export DB_PASSWORD=hunter"),
        ("zshrc", "export GITHUB_PAT=hunter"),
        ("config.fish", "set -gx API_TOKEN hunter"),
        ("Dockerfile", "ENV DB_PASSWORD hunter"),
        ("Makefile", "DB_PASSWORD := hunter"),
        ("deploy.sh", "mysql -u root -phunter shop < dump.sql"),
        ("deploy.sh", "DB_PASSWORD=hunter ./run"),
        ("deploy.sh", "curl -u me:hunter https://example.org/"),
        ("set.bat", "set PASSWORD=hunter"),
        ("inventory", "web1 ansible_ssh_pass=hunter ansible_port=22"),
        ("redis.conf", "requirepass hunter"),
        ("nginx.conf", "    proxy_password hunter;"),
        ("home.nmconnection", "psk=hunterhunter"),
        ("notes.md", "Passwort: hunter"),
    ],
)
def test_secret_of_a_kind_of_file(name: str, line: str) -> None:
    """Scripts, settings and notes tell secrets in ways of their own; a reading from elsewhere tells none."""
    assert scrub(f"a\n{line}\nb\n".encode(), name) == (b"a\nb\n", 1)
    read = line.replace("hunterhunter", "hunter").replace("hunter", "$HUNTER")
    assert scrub(f"a\n{read}\nb\n".encode(), name)[1] == 0


@pytest.mark.parametrize(
    "line",
    [
        "password: ${{ secrets.DEPLOY }}",
        "password: $PASSWORD",
        "secretName: my-app-tls",
        "password: string",
        "secret: db-secret",
        "password_file: /run/secrets/db",
        "token:",
        "password: !vault |",
        "password: /run/x",
        "key: value1234",
    ],
)
def test_configuration_that_names_no_secret_stays(line: str) -> None:
    assert scrub(line.encode(), "a.yml") == (line.encode(), 0)


def test_private_key_is_left_out_from_begin_to_end() -> None:
    text = f"a = 1\n{PEM}b = 2\n{PEM}"
    assert scrub(text.encode()) == (b"a = 1\nb = 2\n", 28)
    assert scrub(f'KEY = """{PEM.strip()}"""\nb = 2\n'.encode())[0] == b"b = 2\n"


def test_private_key_without_end_takes_what_looks_like_it() -> None:
    assert scrub(f"-----BEGIN PRIVATE KEY-----\n{KEY}b = 2\n".encode()) == (b"b = 2\n", 13)
    assert scrub(b'MARK = "BEGIN PRIVATE KEY"\nb = 2\n') == (b"b = 2\n", 1)
    assert scrub(b'MARK = "BEGIN PRIVATE KEY"') == (b"", 1)


def test_putty_key_is_left_out() -> None:
    key = f"PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPrivate-Lines: 12\n{KEY}Private-MAC: 00ff\n"
    assert scrub(f"{key}b = 2\n".encode())[0] == b"b = 2\n"


def test_words_that_detect_secrets_knows_are_known() -> None:
    load_patterns()
    for word in sys.modules["detect_secrets.plugins.keyword"].DENYLIST:
        line = f'{word.replace("?", "")} = "9f8e7d6c5b4a"'
        assert scrub(line.encode()) == (b"", 1), line


def test_two_secrets_in_a_line_are_one_line() -> None:
    assert scrub(b'password="hunter2"; id="AKIAIOSFODNN7EXAMPLE"\nx') == (b"x", 1)


def test_secret_in_a_long_line_takes_the_line() -> None:
    """Long lines are searched in pieces: a secret is found wherever it lies in one."""
    for before in (0, 400, 975, 990, 1000, 1490, 3333):
        line = b"x " * (before // 2) + b"AKIAIOSFODNN7EXAMPLE" + b" y" * 2_000
        assert scrub(b"a\n" + line + b"\nb\n") == (b"a\nb\n", 1)


@pytest.mark.parametrize(
    "unit", [b"sk-", b"eyJa.", b"//a/", b'password="', b"BEGIN RSA PRIVATE KEY\n", b"xoxb-1-", b"password: a", b"aws"]
)
def test_lines_made_to_be_slow_are_not(unit: bytes) -> None:
    """What would take a pattern hours in one line takes a moment: the deadline of the test is the measure."""
    scrub(unit * (100_000 // len(unit)), "a.yml")


@given(
    st.lists(st.sampled_from([*HARMLESS, "", "def f(x):", "\treturn x"]), max_size=12),
    st.sampled_from(SECRETS),
    st.integers(0, 12),
)
def test_wherever_it_stands_only_the_secret_goes(lines: list[str], secret: str, at: int) -> None:
    with_secret = [*lines[:at], secret, *lines[at:]]
    assert scrub("\n".join([*with_secret, ""]).encode()) == ("\n".join([*lines, ""]).encode(), 1)


@given(st.binary(max_size=400))
def test_any_bytes_can_be_searched(text: bytes) -> None:
    kept, hidden = scrub(text, "a.yml")
    assert hidden <= text.count(b"\n") + 1
    assert len(kept) + hidden <= len(text) if hidden else kept == text


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        ".env.local",
        "#.env#",
        "#id_rsa#",
        ".ENV",
        "prod.env",
        "server.pem",
        "tls.KEY",
        "cert.p12",
        "a.pfx",
        "a.jks",
        "a.keystore",
        "id_rsa",
        "id_rsa.pub",
        "id_ed25519",
        ".netrc",
        ".npmrc",
        ".pypirc",
        ".pgpass",
        ".htpasswd",
        "credentials",
        "credentials.json",
        "credentials-old",
        "secrets.yaml",
        "secrets.py",
        "a.kdbx",
        ".git-credentials",
        "terraform.tfstate",
        "terraform.tfstate.backup",
        "prod.tfvars",
        ".vault_pass.txt",
        "client_secret_1.json",
        "service-account.json",
    ],
)
def test_secret_by_its_name(name: str) -> None:
    assert secret_name(name) == f"a secret by its name ({name})"


@pytest.mark.parametrize(
    "name",
    [
        ".env.example",
        ".env.sample",
        ".env.template",
        "app.env.example",
        "main.py",
        "keyboard.py",
        "monkey.txt",
        "environment.py",
        "secretary.txt",
        "CredentialsProvider.java",
        "id.py",
        "tokens.py",
        "config.json",
        "envoy.yaml",
    ],
)
def test_harmless_names(name: str) -> None:
    assert secret_name(name) is None


def test_secret_by_its_place() -> None:
    assert secret_name(".ssh", is_folder=True) == "a secret by its place (.ssh/)"
    assert secret_name("config.json", ".docker") == "a secret by its place (.docker/config.json)"
    assert secret_name("gcloud", ".config", is_folder=True) == "a secret by its place (gcloud/)"
    assert secret_name(".ssh") is None
    assert secret_name("secrets.d", is_folder=True) is None


def test_detect_secrets_comes_without_the_network() -> None:
    """Its patterns are there, and the library that could send a found key anywhere is not."""
    code = "import sys; from charwise_trainer.secrets import scrub; assert 'detect_secrets' not in sys.modules"
    check = "scrub(b'x'); assert not {'requests', 'urllib3', 'torch'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", f"{code}; {check}"], check=True, env={"PYTHONPATH": ":".join(sys.path)})
    patterns = load_patterns()
    assert len(patterns.quick) >= 15
    assert len(patterns.slow) >= 10
    assert len(patterns.addresses) == 1


@pytest.mark.parametrize(("line", "held"), [('password = "hunter2-and-more"', True), ("password = input()", False)])
def test_holds_secret(line: str, held: bool) -> None:
    """A secret is found wherever it stands in a long text."""
    around = "x = 1\n" * 3000
    assert holds_secret(f"{around}{line}\n{around}".encode(), "a.py") == held


@pytest.mark.parametrize(
    ("path", "is_secret"),
    [("/home/me/.ssh/notes", True), ("/home/me/.docker/config.json", True), ("/p/.env", True), ("/p/a.py", False)],
)
def test_secret_path(path: str, is_secret: bool) -> None:
    """A file is a secret by its name, and by that of any folder above it."""
    assert (secret_path(path) is not None) == is_secret
