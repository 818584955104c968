using Microsoft.AspNetCore.SignalR;
using Microsoft.AspNetCore.SignalR.Protocol;

namespace HubshareDemo.Hubs;

/// <summary>Sends one event to many.</summary>
public static class Broadcast
{
    /// <summary>Hands the event to every queue and does not wait: one slow client must not hold up the others.</summary>
    public static void Send(IEnumerable<ConnectionEntry> entries, string name, object?[] args)
    {
        var message = new SerializedHubMessage(new InvocationMessage(name, args));
        foreach (var entry in entries)
        {
            _ = entry.SendAsync(message);
        }
    }
}
