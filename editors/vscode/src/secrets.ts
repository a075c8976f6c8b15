// Files that hold secrets, by their names: the editor never sends their text. The trainer has the same list, and more.

const NAMES = `
*.pem *.key *.p12 *.pfx *.pkcs12 *.p8 *.ppk *.jks *.keystore *.bks *.gpg *.pgp *.kdb *.kdbx *.keychain*
id_rsa* id_dsa* id_ecdsa* id_ed25519* id_xmss* ssh_host_*_key
.env* *.env .netrc _netrc .npmrc .pypirc .pgpass pgpass.conf .my.cnf .mylogin.cnf .htpasswd .htdigest .git-credentials
.dockercfg .s3cfg .boto .passwd-s3fs .vault_pass* .vault-token vault_pass* kubeconfig *.kubeconfig *.ovpn
credentials credentials.* secrets.* secret.yml secret.yaml secret.json secret.toml *.secret *.secrets
client_secret*.json service[-_]account*.json *.tfstate *.tfstate.* *.tfvars *.tfvars.json *.agilekeychain *.1pif *.psafe3
`;
const FOLDERS = ".ssh .aws .azure .gnupg .kube .password-store .gcloud .vault .1password";

export const SECRETS: readonly string[] = [
  ...words(NAMES).map((name) => `**/${name}`),
  ...words(FOLDERS).map((folder) => `**/${folder}/**`),
];

/** Copies of .env without its values, written to be read. */
export const NO_SECRETS: readonly string[] = words("example sample template dist defaults").map(
  (end) => `**/*.env.${end}`,
);

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
