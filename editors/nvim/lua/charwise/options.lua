-- What the user may choose: the defaults, and a check that names what is not understood.
local M = {}

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
  -- The same for what is mostly secret. An empty list allows all of them.
  secrets = {
    '.env', '.env.*', '*.env', '*.pem', '*.key', '*.p12', '*.pfx', '*.jks', '*.keystore', '*.kdbx', '*.gpg', '*.asc',
    '*.secret', 'id_rsa', 'id_dsa', 'id_ecdsa', 'id_ed25519', '.netrc', '.pgpass', '.htpasswd', '.git-credentials',
    '**/.ssh/**', '**/.aws/**', '**/.gnupg/**', '**/.kube/**', '**/secrets/**',
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

-- Lists and what has "*" are free within; of all else the names are known.
local FREE = { filetypes = true }

-- The largest number that makes sense.
local MOST = 1e9

local function problem(name, value, default)
  if default == nil then
    return ('there is no option %s'):format(name)
  end
  local is_key = name:find('^keys%.') and (value == false or type(value) == 'string')
  if type(value) ~= type(default) and not is_key then
    return ('%s is %s, but must be a %s'):format(name, vim.inspect(value), type(default))
  end
  if type(value) == 'number' and not (value >= 0 and value <= MOST and value % 1 == 0) then
    return ('%s is %s, but must be a whole number from 0 to %d'):format(name, value, MOST)
  end
  if name == 'popup' and value ~= 'continue' and value ~= 'hide' then
    return ('popup is "%s", but must be "continue" or "hide"'):format(value)
  end
end

local function merge(into, from, known, prefix, problems)
  for name, value in pairs(from) do
    local wrong = problem(prefix .. name, value, known[name])
    if wrong then
      problems[#problems + 1] = wrong
    elseif type(value) == 'table' and not vim.islist(known[name]) and not FREE[name] then
      merge(into[name], value, known[name], prefix .. name .. '.', problems)
    elseif FREE[name] then
      into[name] = vim.tbl_extend('force', into[name], value)
    else
      into[name] = value
    end
  end
end

--- Takes over options, `vim.g.charwise` first. Returns what is wrong with them, which has its default.
---@param given table?
---@return string[]
function M.set(given)
  chosen = vim.deepcopy(defaults)
  local problems = {}
  for _, from in ipairs({ vim.g.charwise or {}, given or {} }) do
    merge(chosen, from, defaults, '', problems)
  end
  return problems
end

--- Returns the options that hold.
---@return table
function M.get() return chosen end

return M
