-- The connection to the daemon: found or started, kept up in the background, and made whole again after a break.
-- Nothing here waits. Knows no buffers.
local options = require('charwise.options')
local rpc = require('charwise.rpc')

local M = {}

local PROTOCOL = 2
local VERSION = '0.1.0'
-- Milliseconds: short enough that a restart goes unnoticed, then slower, as each try may start a process.
local FIRST_DELAY, LONGEST_DELAY = 100, 30000
-- A daemon that lived for less may die of what it is told, so the delay goes on growing.
local HEALTHY = 10000

M.trouble = nil ---@type string? what keeps it from being connected, for people
local connection = nil ---@type charwise.Connection?
local listeners = { connected = {}, lost = {}, notified = {} }
local wanted, is_trying, delay = false, false, FIRST_DELAY
local connected_at = 0
local connect

--- Calls `fn` whenever a daemon is there ("connected"), gone ("lost") or says something ("notified": method, params).
---@param what 'connected'|'lost'|'notified'
---@param fn function
function M.on(what, fn) table.insert(listeners[what], fn) end

---@return boolean
function M.is_connected() return connection ~= nil end

--- Connects in the background, starting the daemon where none runs, and stays connected.
function M.start()
  wanted = true
  if not connection and not is_trying then
    connect()
  end
end

--- Leaves the daemon.
function M.stop()
  wanted = false
  if connection then
    connection:close()
    connection = nil
  end
end

--- Asks; without a daemon `done` gets an error at once. Returns the request's id, nil without a daemon.
---@param method string
---@param params table?
---@param done fun(err: table?, result: any)
---@return integer?
function M.request(method, params, done)
  if not connection then
    return done({ code = 'unavailable', message = M.trouble or 'no daemon runs yet' })
  end
  return connection:request(method, params or vim.empty_dict(), done)
end

--- Tells something; without a daemon nothing happens.
---@param method string
---@param params table?
function M.notify(method, params)
  if connection then
    connection:notify(method, params or vim.empty_dict())
  end
end

--- Runs charwise; `done` gets why it cannot be run, or nil and how it ended.
---@param arguments string[]
---@param done fun(problem: string?, ended: vim.SystemCompleted?)
function M.run(arguments, done)
  local command = vim.list_extend(vim.deepcopy(options.get().command), arguments)
  local ended = vim.schedule_wrap(function(...) done(nil, ...) end)
  local found, problem = pcall(vim.system, command, { text = true }, ended)
  if not found then
    local why = tostring(problem):gsub('^.-:%d+: ', '') -- without the line of Neovim's that says it
    done(('cannot run %s (%s); is charwise installed and on your PATH?'):format(command[1], why))
  end
end

--- Returns the file that names the running daemon's socket, as charwise_daemon/paths.py has it.
---@return string
function M.status_file()
  local home, run = vim.env.CHARWISE_HOME, vim.env.XDG_RUNTIME_DIR
  if home and home ~= '' then
    return vim.fs.joinpath(vim.fn.fnamemodify(home, ':p'), 'runtime', 'daemon.json')
  end
  local folder = (run and run ~= '') and vim.fs.joinpath(run, 'charwise')
    or ('%s/charwise-%d'):format(vim.uv.os_tmpdir(), vim.uv.getuid())
  return vim.fs.joinpath(folder, 'daemon.json')
end

local function emit(what, ...)
  for _, fn in ipairs(listeners[what]) do
    fn(...)
  end
end

-- The socket of the daemon that runs or ran last; nil where none has, or where the file is not this user's.
local function socket()
  local file = M.status_file()
  local seen = vim.uv.fs_stat(file)
  if not seen or seen.uid ~= vim.uv.getuid() then
    return nil
  end
  local read, lines = pcall(vim.fn.readfile, file)
  local parsed, status = pcall(vim.json.decode, read and table.concat(lines) or '')
  return parsed and type(status) == 'table' and status.socket or nil
end

local function try_later(trouble)
  is_trying = false
  if trouble ~= M.trouble then
    M.trouble = trouble
    emit('lost')
  end
  vim.defer_fn(function()
    if wanted then
      M.start()
    end
  end, delay)
  delay = math.min(2 * delay, LONGEST_DELAY)
end

local function lost()
  connection = nil
  if vim.uv.now() - connected_at > HEALTHY then
    delay = FIRST_DELAY
  end
  emit('lost')
  try_later(nil)
end

local function greet(new)
  new.on_notification = function(method, params) emit('notified', method, params) end
  new.on_close = function() try_later('the daemon closed the connection') end
  new:request('hello', { client = 'nvim', version = VERSION, protocol = PROTOCOL }, function(err)
    if err then
      new:close()
      return try_later(err.message)
    end
    new.on_close = lost
    connection, connected_at, is_trying, M.trouble = new, vim.uv.now(), false, nil
    emit('connected')
  end)
end

-- Starts the daemon, which returns when it listens.
local function launch(done)
  M.run({ 'daemon', 'start' }, function(problem, ended)
    if problem then
      return done(problem)
    end
    local said = vim.trim(ended.stderr)
    done(ended.code ~= 0 and (said ~= '' and said or 'the daemon does not start') or nil)
  end)
end

local function attempt(otherwise)
  local path = socket()
  if not path then
    return otherwise('no daemon runs')
  end
  rpc.connect(path, function(err, new)
    if err then
      return otherwise(err)
    end
    greet(new)
  end)
end

function connect()
  is_trying = true
  attempt(function()
    launch(function(problem)
      if problem then
        return try_later(problem)
      end
      attempt(try_later)
    end)
  end)
end

return M
