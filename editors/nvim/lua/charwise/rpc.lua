-- MessagePack-RPC over a Unix socket, never blocking. Knows no daemon.
-- https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md
local M = {}

local REQUEST, RESPONSE, NOTIFICATION = 0, 1, 2

---@class charwise.Connection
---@field on_notification fun(method: string, params: any)
---@field on_close fun()
local Connection = {}
Connection.__index = Connection

--- Connects; `done` gets an error, or nothing and the connection.
---@param path string
---@param done fun(err: string?, connection: charwise.Connection?)
function M.connect(path, done)
  local pipe = assert(vim.uv.new_pipe(false))
  local self = setmetatable({ pipe = pipe, waiting = {}, last = 0, unpack = vim.mpack.Unpacker() }, Connection)
  pipe:connect(path, function(err)
    if err then
      pipe:close()
      return vim.schedule(function() done(err) end)
    end
    pipe:read_start(function(failed, data) self:_read(failed, data) end)
    vim.schedule(function() done(nil, self) end)
  end)
end

--- Asks; `done` gets an error (a map with code and message), or nil and the result. Returns the request's id.
---@param method string
---@param params table
---@param done fun(err: table?, result: any)
---@return integer
function Connection:request(method, params, done)
  self.last = self.last + 1
  self.waiting[self.last] = done
  self:_send({ REQUEST, self.last, method, { params } })
  return self.last
end

--- Tells something that wants no answer.
---@param method string
---@param params table
function Connection:notify(method, params) self:_send({ NOTIFICATION, method, { params } }) end

--- Closes; what waits hears of it, and nobody else.
function Connection:close()
  self.on_close = function() end
  self:_closed()
end

function Connection:_send(message)
  if not self.pipe:is_closing() then
    self.pipe:write(vim.mpack.encode(message))
  end
end

-- In a fast context, where hardly anything of Neovim may be used.
function Connection:_read(failed, data)
  local arrived = {}
  local understood = not failed and data and pcall(self._unpack, self, data, arrived)
  vim.schedule(function()
    for _, message in ipairs(arrived) do
      self:_take(message)
    end
    if not understood then
      self:_closed()
    end
  end)
end

function Connection:_unpack(data, arrived)
  local at = 1
  while at <= #data do
    local message
    message, at = self.unpack(data, at)
    if message ~= nil then
      arrived[#arrived + 1] = message
    end
  end
end

function Connection:_take(message)
  if message[1] == NOTIFICATION then
    return self.on_notification(message[2], message[3][1])
  end
  local done = message[1] == RESPONSE and self.waiting[message[2]]
  if done then
    self.waiting[message[2]] = nil
    done(message[3] ~= vim.NIL and message[3] or nil, message[4])
  end
end

function Connection:_closed()
  if self.pipe:is_closing() then
    return
  end
  self.pipe:close()
  local waiting = self.waiting
  self.waiting = {}
  for _, done in pairs(waiting) do
    done({ code = 'unavailable', message = 'the daemon went away' })
  end
  self.on_close()
end

return M
