namespace HubshareDemo.Admin.Requests;

/// <summary>Body of POST /admin/transports. What is left out stays as it is.</summary>
public sealed record TransportsRequest(bool? WebSockets, bool? ServerSentEvents, bool? LongPolling);
