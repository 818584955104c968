using System.Text.Json;

namespace HubshareDemo.Admin.Requests;

/// <summary>Body of POST /admin/unavailable: whole seconds, or null for a hub that is available again. Left out is neither.</summary>
public sealed record UnavailableRequest(JsonElement RetryAfterSeconds);
