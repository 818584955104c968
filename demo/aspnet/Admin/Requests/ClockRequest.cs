using System.Text.Json;

namespace HubshareDemo.Admin.Requests;

/// <summary>Body of POST /admin/clock. A missing member is not null.</summary>
public sealed record ClockRequest(JsonElement NowMs);
