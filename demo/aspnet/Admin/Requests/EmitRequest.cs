using System.Text.Json;

namespace HubshareDemo.Admin.Requests;

/// <summary>Body of POST /admin/emit.</summary>
public sealed record EmitRequest(string? Event, JsonElement[]? Args, string? User, string? Metric);
