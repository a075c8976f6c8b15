-- What the user may choose: the defaults, and a check that names what is not understood.
local M = {}

-- The largest number that makes sense, of anything.
M.MOST = 1e9

local defaults = {
  -- How to run charwise.
  command = { 'charwise' },
  -- false: suggestions come only when they are asked for.
  automatic = true,
  -- The longest suggestion, in characters and lines; 0: as settings.toml says.
  max_characters = 0,
  max_lines = 0,
  -- Learn from the folder that holds one of these; false: only the open files help.
  learn = true,
  root_markers = { '.git', '.hg', '.jj', '.svn', 'pyproject.toml', 'Cargo.toml', 'go.mod', 'package.json' },
  -- Fade what is less probable.
  shading = true,
  -- With a completion menu: "continue" its chosen item and hide while none is chosen, or always "hide".
  popup = 'continue',
  -- Also within a snippet's placeholders.
  snippets = false,
  -- Types of files; what is not named is as "*".
  filetypes = { ['*'] = true, gitcommit = false, gitrebase = false, hgcommit = false, svn = false },
  -- Files that charwise never sees: whole paths, or names where the glob has no slash.
  ignore = {},
  -- The same for what is mostly secret: what is never learned by its name, and a little more. An empty list allows all.
  -- Neovim 0.11 takes "*" for one character or more, so that some stand here without it, too.
  secrets = {
    '*.pem', '*.key', '*.p12', '*.pfx', '*.pkcs12', '*.p8', '*.ppk', '*.jks', '*.keystore', '*.bks', '*.gpg', '*.pgp',
    '*.asc', '*.kdb', '*.kdbx', '*.keychain', '*.keychain*', 'id_rsa', 'id_rsa*', 'id_dsa', 'id_dsa*', 'id_ecdsa',
    'id_ecdsa*', 'id_ed25519', 'id_ed25519*', 'id_xmss', 'id_xmss*', 'ssh_host_*_key', '.env', '.env*', '*.env',
    '.netrc', '_netrc', '.npmrc', '.pypirc', '.pgpass', 'pgpass.conf', '.my.cnf', '.mylogin.cnf', '.htpasswd',
    '.htdigest', '.git-credentials', '.dockercfg', '.s3cfg', '.boto', '.passwd-s3fs', '.vault_pass', '.vault_pass*',
    '.vault-token', 'vault_pass', 'vault_pass*', 'kubeconfig', '*.kubeconfig', '*.ovpn', 'credentials',
    'credentials.*', 'secrets.*', 'secret.yml', 'secret.yaml', 'secret.json', 'secret.toml', '*.secret', '*.secrets',
    'client_secret.json', 'client_secret*.json', 'service-account.json', 'service-account*.json',
    'service_account.json', 'service_account*.json', '*.tfstate', '*.tfstate.*', '*.tfvars', '*.tfvars.json',
    '*.agilekeychain', '*.1pif', '*.psafe3', '**/.ssh/**', '**/.aws/**', '**/.azure/**', '**/.gnupg/**', '**/.kube/**',
    '**/.password-store/**', '**/.gcloud/**', '**/.vault/**', '**/.1password/**', '**/secrets/**',
  },
  -- Larger files are left alone.
  max_bytes = 1000000,
  -- Returns true where nothing is to be shown just now, as while another plugin's menu is open.
  is_blocked = function(_) return false end,
  -- false: no key of that kind. Each does what it did before while nothing is shown.
  keys = {
    accept = '<Tab>',
    accept_word = '<M-Right>',
    accept_line = '<M-Down>',
    accept_character = '<M-l>',
    accept_confident = '<M-CR>',
    unaccept = '<M-Left>',
    next = '<M-]>',
    previous = '<M-[>',
    dismiss = '<C-]>',
    trigger = '<M-Bslash>',
  },
}

local chosen = vim.deepcopy(defaults)

-- Lists of globs. Where one is bad the others hold beside the defaults: what should not be seen is not.
local GLOBS = { ignore = true, secrets = true }

local function is_key(value) return value == false or type(value) == 'string' and value ~= '' end

-- What a value must be, in words; nil where it is that.
local function requirement(name, value, default)
  if name:find('^keys%.') then
    return not is_key(value) and 'a key or false' or nil
  elseif type(value) ~= type(default) then
    return 'a ' .. type(default)
  elseif type(value) == 'number' and not (value >= 0 and value <= M.MOST and value % 1 == 0) then
    return ('a whole number from 0 to %d'):format(M.MOST)
  elseif name == 'popup' and value ~= 'continue' and value ~= 'hide' then
    return '"continue" or "hide"'
  elseif vim.islist(default) and not vim.islist(value) then
    return 'a list'
  elseif name == 'command' and not value[1] then
    return 'a program and its arguments'
  elseif GLOBS[name:match('^(%w+)%[')] and not pcall(vim.glob.to_lpeg, value) then
    return 'a glob'
  end
end

local function problem(name, value, default)
  if default == nil then
    return ('there is no option %s'):format(name)
  end
  local must = requirement(name, value, default)
  if must then
    return ('%s is %s, but must be %s'):format(name, vim.inspect(value, { newline = ' ', indent = '' }), must)
  end
end

-- Returns what holds of a list: all of it, or the default where an element is wrong, with the good ones of globs.
local function list_of(name, given, default, problems)
  local good = {}
  for at, value in ipairs(given) do
    local wrong = problem(('%s[%d]'):format(name, at), value, '')
    table.insert(wrong and problems or good, wrong or value)
  end
  if #good == #given then
    return good
  end
  return GLOBS[name] and vim.list_extend(good, default) or default
end

-- What is not named in `known` is as its "*".
local function merge(into, from, known, prefix, problems)
  for key, value in pairs(from) do
    local name, default = prefix .. tostring(key), vim.F.if_nil(known[key], known['*'])
    local wrong = problem(name, value, default)
    if wrong then
      table.insert(problems, wrong)
    elseif vim.islist(default) then
      into[key] = list_of(name, value, default, problems)
    elseif type(value) == 'table' then
      merge(into[key], value, default, name .. '.', problems)
    else
      into[key] = value
    end
  end
end

--- Takes over options, `vim.g.charwise` first. Returns what is wrong with them, which has its default.
---@param given table?
---@return string[]
function M.set(given)
  chosen = vim.deepcopy(defaults)
  local problems = {}
  for _, each in ipairs({ { 'vim.g.charwise', vim.g.charwise or {} }, { "setup's argument", given or {} } }) do
    local name, from = unpack(each)
    local wrong = problem(name, from, defaults)
    if wrong then
      table.insert(problems, wrong)
    else
      merge(chosen, from, defaults, '', problems)
    end
  end
  return problems
end

--- Returns the options that hold.
---@return table
function M.get() return chosen end

return M
