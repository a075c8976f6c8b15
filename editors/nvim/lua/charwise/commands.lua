-- `:Charwise`: a function for each of its words.
local daemon = require('charwise.daemon')
local folders = require('charwise.folders')
local models = require('charwise.models')
local options = require('charwise.options')
local said = require('charwise.said')
local status = require('charwise.status')
local where = require('charwise.where')

local api = vim.api
local M, verbs = {}, {}
local warn = said.warn

local function say(...) api.nvim_echo({ { table.concat({ ... }, '\n') } }, false, {}) end

-- Asks the daemon, and says what came of it.
local function ask(method, params, words)
  daemon.request(method, params, function(err, result)
    if err then
      return warn(err.message)
    end
    say('charwise: ' .. (type(words) == 'function' and words(result) or words))
    status.refresh()
  end)
end

-- --- what it does ---------------------------------------------------------------------------------
local function of_workspace(seen)
  local before = seen.base and 'base model' or 'memory only'
  local learned = seen.step == vim.NIL and before or ('step %d, %s'):format(seen.step, said.bits(seen.bpc))
  local words = ('%s: %d files, %d characters; %s'):format(seen.path, seen.files, seen.characters, learned)
  return seen.error ~= '' and words .. '; ' .. seen.error or words
end

function verbs.status()
  local kind, words = status.read()
  local lines = { ('charwise here: %s%s'):format(kind, words ~= '' and ', ' .. words or '') }
  daemon.request('status', nil, function(err, seen)
    if err then
      return say(lines[1], err.message)
    end
    vim.list_extend(lines, vim.tbl_map(of_workspace, seen.workspaces))
    local shown = seen.suggestions
    local counts = ('%d shown, %d accepted, %d rejected'):format(shown.shown, shown.accepted, shown.rejected)
    say(unpack(vim.list_extend(lines, { 'suggestions: ' .. counts })))
  end)
end

function verbs.log()
  daemon.run({ 'daemon', 'logs', '-n', '500' }, function(problem, ended)
    if problem then
      return warn(problem)
    end
    vim.cmd('botright new')
    vim.bo.buftype, vim.bo.bufhidden, vim.bo.swapfile = 'nofile', 'wipe', false
    api.nvim_buf_set_lines(0, 0, -1, false, vim.split(vim.trim(ended.stdout .. ended.stderr), '\n'))
    vim.cmd.normal({ 'G', bang = true })
  end)
end

-- Returns the number that a text is, nil where it is none above 0, or none that makes sense.
local function number(text)
  local value = tonumber(text)
  return value and value > 0 and value <= options.MOST and value or nil
end

-- --- what it learns -------------------------------------------------------------------------------
function verbs.pause(minutes)
  if minutes and not number(minutes) then
    return warn(('"%s" are no minutes: give a number above 0, or none for until :Charwise resume'):format(minutes))
  end
  local words = minutes and ('no training for %s minutes'):format(minutes) or 'no training until :Charwise resume'
  ask('pause', { seconds = 60 * (tonumber(minutes) or 0) }, words)
end

function verbs.resume() ask('resume', nil, 'training goes on when there is something to learn') end

-- The folder of the buffer's project; says so where there is none.
local function root_here()
  local root = folders.root(0)
  if not root then
    warn('this file is in no project; open one of a folder with .git')
  end
  return root
end

function verbs.retrain()
  local root = root_here()
  if root then
    ask('train', { path = root }, ('training %s'):format(root))
  end
end

local function give(root, name)
  ask('workspace_model', { path = root, model = name }, ('%s has the model %s from now on'):format(root, name))
end

function verbs.model(name)
  local root = root_here()
  if root and name then
    give(root, name)
  elseif root then
    models.choose(root, function(err, chosen)
      if err then
        return warn(err.message)
      end
      give(root, chosen)
    end)
  end
end

function verbs.forget()
  local path = vim.uv.fs_realpath(api.nvim_buf_get_name(0))
  if not path then
    return warn('this buffer has no file')
  end
  if vim.fn.confirm(('Forget %s, and never learn it again?'):format(path), '&Yes\n&No', 2) == 1 then
    ask('forget_file', { path = path }, ('%s is forgotten'):format(path))
  end
end

-- --- what it writes -------------------------------------------------------------------------------
function verbs.generate(length)
  local refusal = where.refusal(0)
  if refusal then
    return warn(refusal)
  end
  if length and not (number(length) and number(length) % 1 == 0) then
    return warn(('"%s" is no length: give a whole number of characters, or none'):format(length))
  end
  require('charwise.generate').start({ length = tonumber(length) })
end

function verbs.stop() require('charwise.generate').stop() end

-- --- where it works -------------------------------------------------------------------------------
local scopes = {
  buffer = { get = function() return vim.b.charwise ~= false end, set = function(on) vim.b.charwise = on end },
  filetype = {
    get = function() return where.allows_type(vim.bo.filetype) end,
    set = function(on) options.get().filetypes[vim.bo.filetype] = on end,
  },
  global = { get = function() return where.enabled end, set = function(on) where.enabled = on end },
}

local function switch(on, scope)
  local chosen = scopes[scope or 'global']
  if not chosen then
    return warn(('"%s" is no scope; there are buffer, filetype and global'):format(scope))
  end
  if on == nil then
    on = not chosen.get()
  end
  chosen.set(on)
  require('charwise.events').focus()
  say(('charwise is %s (%s)'):format(on and 'on' or 'off', scope or 'global'))
end

function verbs.enable(scope) switch(true, scope) end

function verbs.disable(scope) switch(false, scope) end

function verbs.toggle(scope) switch(nil, scope) end

--- Runs `:Charwise`, as Neovim tells it.
---@param told table
function M.run(told)
  require('charwise').start()
  local verb = told.fargs[1] or 'status'
  if not verbs[verb] then
    return warn(('there is no :Charwise %s; there are %s'):format(verb, table.concat(M.candidates('', 'Charwise '), ', ')))
  end
  verbs[verb](unpack(told.fargs, 2))
end

-- What may be said after a verb.
local function what_follows(verb)
  if vim.list_contains({ 'enable', 'disable', 'toggle' }, verb) then
    return vim.tbl_keys(scopes)
  end
  local root = verb == 'model' and folders.root(0)
  return root and models.names(root) or {}
end

--- Returns what may come next on the command line.
---@param lead string
---@param line string
---@return string[]
function M.candidates(lead, line)
  local words = vim.split(vim.trim(line:sub(1, #line - #lead)), '%s+')
  local known = #words == 1 and vim.tbl_keys(verbs) or #words == 2 and what_follows(words[2]) or {}
  table.sort(known)
  return vim.tbl_filter(function(each) return vim.startswith(each, lead) end, known)
end

return M
