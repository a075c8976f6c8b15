-- Where charwise works: in which buffers, and when not even there. Knows neither daemon nor suggestions.
local options = require('charwise.options')

local api = vim.api
local M = {}

M.enabled = true
local kept = {} ---@type table<integer, { key: string, verdict: string|false }>

-- Lines that are looked at for a NUL, which no text has.
local PROBED = 200

local compiled = {}

local function matches(globs, path)
  for _, glob in ipairs(globs) do
    compiled[glob] = compiled[glob] or vim.glob.to_lpeg(glob)
    local subject = glob:find('/', 1, true) and path or vim.fs.basename(path)
    if compiled[glob]:match(subject) then
      return glob
    end
  end
end

local function is_binary(buf)
  for _, line in ipairs(api.nvim_buf_get_lines(buf, 0, PROBED, false)) do
    if line:find('\0', 1, true) then
      return true
    end
  end
  return vim.bo[buf].binary
end

local function verdict_of_file(buf, path)
  local chosen = options.get()
  local secret, ignored = matches(chosen.secrets, path), matches(chosen.ignore, path)
  if secret then
    return ('looks secret: %s'):format(secret)
  end
  if ignored then
    return ('ignored: %s'):format(ignored)
  end
  return is_binary(buf) and 'a binary file' or false
end

-- A file is looked at again only where its name is another, or it was read again.
local function kept_verdict(buf)
  local key = api.nvim_buf_get_name(buf)
  if not kept[buf] or kept[buf].key ~= key then
    kept[buf] = { key = key, verdict = verdict_of_file(buf, key) }
  end
  return kept[buf].verdict or nil
end

--- Returns whether charwise works in files of a type.
---@param filetype string
---@return boolean
function M.allows_type(filetype)
  local types = options.get().filetypes
  if types[filetype] ~= nil then
    return types[filetype]
  end
  return types['*']
end

local function switched_off(buf)
  local own, filetype = vim.b[buf].charwise, vim.bo[buf].filetype
  if own ~= nil then
    return not own and 'off in this buffer' or nil
  end
  if not M.enabled then
    return 'off'
  end
  return not M.allows_type(filetype) and ('off for files of type %s'):format(filetype) or nil
end

--- Returns why charwise leaves a buffer alone, nil where it does not.
---@param buf integer
---@return string?
function M.refusal(buf)
  buf = buf == 0 and api.nvim_get_current_buf() or buf
  local bo = vim.bo[buf]
  if bo.buftype ~= '' and bo.buftype ~= 'acwrite' then
    return ('a buffer of type %s'):format(bo.buftype)
  end
  if not bo.modifiable then
    return 'cannot be modified'
  end
  if api.nvim_buf_get_offset(buf, api.nvim_buf_line_count(buf)) > options.get().max_bytes then
    return ('over %d bytes'):format(options.get().max_bytes)
  end
  return switched_off(buf) or kept_verdict(buf)
end

--- Returns why nothing may be shown just now in the current buffer, nil where it may.
---@return string?
function M.hindrance()
  local buf = api.nvim_get_current_buf()
  if vim.fn.reg_recording() ~= '' or vim.fn.reg_executing() ~= '' then
    return 'a macro'
  end
  if vim.fn.getcmdwintype() ~= '' then
    return 'the command-line window'
  end
  if not options.get().snippets and vim.snippet.active() then
    return 'a snippet'
  end
  if options.get().is_blocked(buf) then
    return 'blocked by is_blocked'
  end
  return M.refusal(buf)
end

--- Forgets what was found out of buffers.
---@param buf integer?
function M.forget(buf)
  if buf then
    kept[buf] = nil
  else
    kept = {}
  end
end

return M
