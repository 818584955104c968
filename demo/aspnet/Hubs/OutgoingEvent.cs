using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Hubs;

/// <summary>One event on its way to one connection.</summary>
public sealed record OutgoingEvent(SerializedHubMessage Message, int Bytes, TaskCompletionSource Written);
